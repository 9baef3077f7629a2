<#
.SYNOPSIS
Makes a group for x400mta in a Windows failover cluster: virtual address, network name, disk, and the service.

.DESCRIPTION
x400mta must be installed on each node, in the same folder, with the feature Cluster, and one configuration whose data
folder lies on the disk of the group. The resource type "x400mta" is registered, if it is not yet. Run it once, on one
node, as an administrator of the cluster.

.EXAMPLE
.\cluster.ps1 -Group Mail -NetworkName MAIL -Address 192.0.2.100 -SubnetMask 255.255.255.0 -Network "Cluster Network 1" `
    -Disk "Cluster Disk 2" -Configuration M:\x400mta\x400mta.conf
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [Parameter(Mandatory = $true)][string]$Group,
    [Parameter(Mandatory = $true)][ipaddress]$Address,
    [Parameter(Mandatory = $true)][string]$Network,
    [ipaddress]$SubnetMask,
    [int]$PrefixLength = 64,
    [string]$NetworkName,
    [string]$Disk,
    [Parameter(Mandatory = $true)][string]$Configuration,
    [string]$ServiceName = "x400mta",
    [string]$Folder = (Join-Path $env:ProgramFiles "x400mta"),
    [int]$StopTimeout = 60,
    [int]$AnswerTimeout = 10
)
$ErrorActionPreference = "Stop"
Import-Module FailoverClusters
$dll = Join-Path $Folder "x400mta-cluster.dll"
if (-not (Test-Path $dll)) { throw "There is no $dll; install x400mta with the feature Cluster on each node." }
if (-not $PSCmdlet.ShouldProcess($Group, "make a group with x400mta")) { return }

if (-not (Get-ClusterResourceType | Where-Object { $_.Name -eq "x400mta" })) {
    Add-ClusterResourceType -Name "x400mta" -Dll $dll -DisplayName "X.400 Message Transfer Agent" | Out-Null
}
if (-not (Get-ClusterGroup | Where-Object { $_.Name -eq $Group })) { Add-ClusterGroup -Name $Group | Out-Null }

# The virtual address: what the service binds, and what peers see.
$addressName = "$Group address"
if ($Address.AddressFamily -eq "InterNetworkV6") {
    $resource = Add-ClusterResource -Name $addressName -ResourceType "IPv6 Address" -Group $Group
    $resource | Set-ClusterParameter -Multiple @{ "Network" = $Network; "Address" = "$Address"; "PrefixLength" = $PrefixLength }
} else {
    if (-not $SubnetMask) { throw "An IPv4 address needs -SubnetMask." }
    $resource = Add-ClusterResource -Name $addressName -ResourceType "IP Address" -Group $Group
    $resource | Set-ClusterParameter -Multiple @{
        "Network" = $Network; "Address" = "$Address"; "SubnetMask" = "$SubnetMask"; "EnableDhcp" = 0
    }
}
$needed = @("[$addressName]")
if ($NetworkName) {
    $name = "$Group name"
    Add-ClusterResource -Name $name -ResourceType "Network Name" -Group $Group |
        Set-ClusterParameter -Multiple @{ "Name" = $NetworkName; "DnsName" = $NetworkName }
    Set-ClusterResourceDependency -Resource $name -Dependency "[$addressName]"
    $needed += "[$name]"
}
if ($Disk) {
    Move-ClusterResource -Name $Disk -Group $Group | Out-Null
    $needed += "[$Disk]"
}

# The service. It starts when its address and its disk are here; only the cluster starts it.
$mta = "$Group x400mta"
Add-ClusterResource -Name $mta -ResourceType "x400mta" -Group $Group |
    Set-ClusterParameter -Multiple @{
        "ServiceName" = $ServiceName; "Configuration" = $Configuration
        "StopTimeout" = $StopTimeout; "AnswerTimeout" = $AnswerTimeout
    }
Set-ClusterResourceDependency -Resource $mta -Dependency ($needed -join " and ")
# Milliseconds. A start may wait for a store that another node still holds; a stop has StopTimeout, and then insists.
(Get-ClusterResource -Name $mta).PendingTimeout = [Math]::Max(180, $StopTimeout + 60) * 1000
Start-ClusterGroup -Name $Group
